/**
 * Marks a boundary at which a process may die, for the tests that kill it there. This does nothing, and nothing can
 * arm it: on a throwaway server the tests put another file in the place of this one (docs/adr/0027). `subject` says
 * whose work begins here, an operation's or nobody's; what is passed after it is of the same work.
 */
export const failpoint: (place: string, subject?: string | null) => void = () => undefined;
