/**
 * A file of root's as a step wants it. Of one that is `secret` nobody is shown more than that it differs. `gone`: there
 * shall be none.
 */
export type WantedFile = { readonly path: string; readonly secret?: true } & (
  { readonly text: string; readonly mode?: number } | { readonly link: string } | { readonly gone: true }
);
