// Opens the camera, and says in words why it does not open.
import { gettext } from "../gettext.mjs";

const WISHES = {
  audio: false,
  video: { facingMode: "user", width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 15, max: 30 } },
};

const WORDS = {
  NotAllowedError: gettext(
    "The browser did not allow the camera. Allow it for this site (often by the camera sign in the address bar), then start again.",
  ),
  NotFoundError: gettext("No camera was found. Connect one, then start again."),
  OverconstrainedError: gettext("No camera was found that can be used here."),
  NotReadableError: gettext("The camera could not be read. Perhaps another program uses it: close that one, then start again."),
  SecurityError: gettext("This browser forbids the camera here."),
};

/** What a person can do about a camera that does not open. */
export const whyNot = (error) => WORDS[error?.name] ?? gettext("The camera could not be opened. Nothing was recorded or sent.");

/** Whether this page may ask at all; browsers show the camera to safe addresses only. */
export const isReachable = () => Boolean(navigator.mediaDevices?.getUserMedia);

/** Show the camera in `video`; `lost` is called when it goes away by itself. Answers what stops it. Rejects, see whyNot. */
export async function openCamera(video, lost) {
  const stream = await navigator.mediaDevices.getUserMedia(WISHES);
  for (const track of stream.getVideoTracks()) track.addEventListener("ended", lost);
  video.srcObject = stream;
  const stop = () => {
    for (const track of stream.getTracks()) track.stop();
    if (video.srcObject === stream) video.srcObject = null;
  };
  try {
    await video.play();
  } catch (error) {
    stop();
    throw error;
  }
  return stop;
}
