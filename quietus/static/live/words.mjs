// The sentences of the live page that change while it runs.
import { gettext, ngettext } from "../gettext.mjs";

/** What a level means, and what it does not. The name and the mark come from the page's templates. */
export const MEANING = {
  LOW: gettext("Nothing in the last seconds asked for quick attention. That is not the same as being well: a camera sees movements, not how you feel."),
  MODERATE: gettext("Something changed against how you sat here at first. A person should look at this part before long. It may well have a plain reason."),
  HIGH: gettext("Several things changed at once. A person should look at this part soon. Nobody may be watching now: if you need someone, please call."),
  UNKNOWN: gettext("The camera does not see a face, so nothing is said about these seconds."),
};

export const SPOKEN = {
  LOW: gettext("Low priority for review."),
  MODERATE: gettext("Moderate priority for review."),
  HIGH: gettext("High priority for review. Numbers to call are on this page."),
  UNKNOWN: gettext("Nobody is visible."),
};

export const STOPPED = {
  elsewhere: gettext("The session was ended elsewhere: in another window, by withdrawing your consent, because its four hours were over, or because nothing came for ten minutes."),
  broken: gettext("The analysis stopped working on this device, so the session was ended. What was sent until then is kept."),
};

export const windows = (count) => ngettext("%(count)s window", "%(count)s windows", count);

const signedOut = (count) =>
  ngettext(
    "You are signed out. %(count)s window waits in this tab: sign in in another one, then try again.",
    "You are signed out. %(count)s windows wait in this tab: sign in in another one, then try again.",
    count,
  );

const refusal = (count, reason) =>
  ngettext(
    "The server refused: %(reason)s %(count)s window stays in this tab.",
    "The server refused: %(reason)s %(count)s windows stay in this tab.",
    count,
    { count, reason },
  );

const outOfReach = (count) =>
  ngettext(
    "The server cannot be reached. %(count)s window waits to be sent; it is kept in this tab, and sent as soon as it answers.",
    "The server cannot be reached. %(count)s windows wait to be sent; they are kept in this tab, and sent as soon as it answers.",
    count,
  );

const givenUp = (count) =>
  ngettext(
    "%(count)s window had to be given up, because too many waited.",
    "%(count)s windows had to be given up, because too many waited.",
    count,
  );

function going({ waiting, stored }) {
  if (!stored) return waiting ? gettext("the first window is on its way") : gettext("nothing yet");
  if (!waiting) return gettext("%(windows)s, nothing waits.", { windows: windows(stored) });
  return gettext("%(windows)s, %(count)s more on the way.", { windows: windows(stored), count: waiting });
}

/** How the sending stands: {calm, text}. */
export function network(queue) {
  const { waiting, troubled, refused, stored, dropped } = queue;
  const state = { calm: !refused && !troubled };
  if (refused?.status === 401) state.text = signedOut(waiting);
  else if (refused) state.text = refusal(waiting, refused.detail);
  else if (troubled) state.text = outOfReach(waiting);
  else state.text = going(queue);
  if (dropped && (stored || !state.calm)) state.text += ` ${givenUp(dropped)}`;
  return state;
}
