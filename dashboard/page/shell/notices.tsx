import { dismiss, notices } from '../state/notices.ts';
import { IconButton } from '../ui/button.tsx';
import { Icon } from '../ui/icons.tsx';
import { ProblemText } from '../ui/problem.tsx';

/** Results of the user's actions. A failure interrupts a screen reader; a success waits until it is idle. */
export const Notices = () => {
  const failed = notices.value.filter(({ kind }) => kind === 'failed');
  const done = notices.value.filter(({ kind }) => kind === 'done');
  return (
    <div class="notices">
      <div role="alert">
        {failed.map(({ id, title, problem }) => (
          <div class="notice failed" key={id}>
            <Icon name="warning" />
            <div>
              <p class="notice-title">{title}</p>
              {problem && <ProblemText problem={problem} />}
            </div>
            <IconButton name="close" label={`Dismiss: ${title}`} onClick={() => dismiss(id)} />
          </div>
        ))}
      </div>
      <div role="status">
        {done.map(({ id, title }) => (
          <div class="notice done" key={id}>
            <Icon name="check" />
            <p class="notice-title">{title}</p>
            <IconButton name="close" label={`Dismiss: ${title}`} onClick={() => dismiss(id)} />
          </div>
        ))}
      </div>
    </div>
  );
};
