import { CreateSession } from './create-session.tsx';
import { LinkPanel } from './link-panel.tsx';

type LinkProps = { readonly userId: string | undefined; readonly name: string | undefined };

/** From nothing to a linked account: name the session, show its code, wait for the phone. */
export const Link = ({ userId, name }: LinkProps) => {
  const made = userId !== undefined && name !== undefined;
  return (
    <div class="view link">
      <h1>Link an account</h1>
      {made ? <LinkPanel userId={userId} name={name} /> : <CreateSession />}
    </div>
  );
};
