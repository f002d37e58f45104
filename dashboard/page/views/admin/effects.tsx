import type { Effect } from '../../rules/limit-preview.ts';

/** The effect of a change; read out by screen readers as it is typed. */
export const Effects = ({ of }: { readonly of: readonly Effect[] }) => (
  <div class="effects" role="status">
    {of.length > 0 && (
      <>
        <p class="effects-title">This would mean</p>
        <ul>
          {of.map(({ text, tone }) => (
            <li key={text} class={tone}>
              {text}
            </li>
          ))}
        </ul>
      </>
    )}
  </div>
);
