// The time that goes on, whatever the reader's clock is set to.
//
//   now()  ms since the page was opened; to be called now and then, while the machine may sleep

const SLEEP = 5000; // ms by which the wall clock is ahead after a sleep, and not by a correction

let slept = 0;
let wall = Date.now();
let awake = performance.now(); // stands in many browsers while the machine sleeps

export function now() {
  const ahead = Date.now() - wall - (performance.now() - awake);
  if (ahead > SLEEP) slept += ahead;
  wall = Date.now();
  awake = performance.now();
  return awake + slept;
}
