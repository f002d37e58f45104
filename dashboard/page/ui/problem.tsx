import { type Explained, explain } from '../rules/problem.ts';
import { Button } from './button.tsx';
import { Icon } from './icons.tsx';

/** Why something failed, with the fields that were refused and the id under which the log has it. */
export const ProblemText = ({ problem }: { readonly problem: Explained }) => (
  <div class="problem-text">
    <p>{problem.detail}</p>
    {problem.fields.length > 0 && (
      <ul>
        {problem.fields.map(({ path, message }) => (
          <li key={path}>
            <code>{path}</code> {message}
          </li>
        ))}
      </ul>
    )}
    {problem.requestId && (
      <p class="faint">
        Request <code>{problem.requestId}</code>
      </p>
    )}
  </div>
);

/** In place of what could not be read, or beside a form that was refused. */
export const Failure = ({ error, onRetry }: { readonly error: unknown; readonly onRetry?: () => void }) => {
  const problem = explain(error);
  return (
    <div class="failure" role="alert">
      <Icon name="warning" />
      <div>
        <p class="failure-title">{problem.title}</p>
        <ProblemText problem={problem} />
        {onRetry && <Button onClick={onRetry}>Try again</Button>}
      </div>
    </div>
  );
};
