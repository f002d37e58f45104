import type { Effect } from '../../rules/limit-preview.ts';

/** What a change would do; read out as it is typed. */
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
