// The sentences of the live page that change while it runs.

/** What a level means, and what it does not. The name and the mark come from the page's templates. */
export const MEANING = {
  LOW: "Nothing in the last seconds asked for quick attention. That is not the same as being well: a camera sees movements, not how you feel.",
  MODERATE: "Something changed against how you sat here at first. A person should look at this part before long. It may well have a plain reason.",
  HIGH: "Several things changed at once. A person should look at this part soon. Nobody may be watching now: if you need someone, please call.",
  UNKNOWN: "The camera does not see a face, so nothing is said about these seconds.",
};

export const SPOKEN = {
  LOW: "Low priority for review.",
  MODERATE: "Moderate priority for review.",
  HIGH: "High priority for review. Numbers to call are on this page.",
  UNKNOWN: "Nobody is visible.",
};

export const STOPPED = {
  elsewhere: "The session was ended elsewhere: in another window, by withdrawing your consent, because its four hours were over, or because nothing came for ten minutes.",
  broken: "The analysis stopped working on this device, so the session was ended. What was sent until then is kept.",
};

export const windows = (count) => (count === 1 ? "1 window" : `${count} windows`);

const are = (count, one, many) => `${windows(count)} ${count === 1 ? one : many}`;

/** How the sending stands: {calm, text}. */
export function network({ waiting, troubled, refused, stored, dropped }) {
  const lost = dropped ? ` ${windows(dropped)} had to be given up, because too many waited.` : "";
  if (refused?.status === 401) {
    return { calm: false, text: `You are signed out. ${are(waiting, "waits", "wait")} in this tab: sign in in another one, then try again.${lost}` };
  }
  if (refused) return { calm: false, text: `The server refused: ${refused.detail} ${are(waiting, "stays", "stay")} in this tab.${lost}` };
  if (troubled) {
    const wait = are(waiting, "waits to be sent; it is", "wait to be sent; they are");
    return { calm: false, text: `The server cannot be reached. ${wait} kept in this tab, and sent as soon as it answers.${lost}` };
  }
  if (!stored) return { calm: true, text: waiting ? "the first window is on its way" : "nothing yet" };
  return { calm: true, text: `${windows(stored)}, ${waiting ? `${waiting} more on the way` : "nothing waits"}.${lost}` };
}
