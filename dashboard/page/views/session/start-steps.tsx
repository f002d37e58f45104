import type { SessionView } from '../../../../contract/bodies/sessions.ts';
import { byTime, START_STEP_WORDS } from '../../../../contract/worker/start-steps.ts';
import { precise } from '../../rules/format.ts';
import { Panel } from '../../ui/panel.tsx';
import { Scroll } from '../../ui/scroll.tsx';

/** The duration of each step of the last start. */
export const StartSteps = ({ session: { start } }: { readonly session: SessionView }) => {
  if (start === null) return null;
  const steps = byTime(start.steps);
  return (
    <Panel title="Last start" aside={<span class="tag">{start.standby ? 'standby task' : 'new task'}</span>}>
      <Scroll label="Steps of the last start">
        <table class="plain">
          <thead>
            <tr>
              <th scope="col">Step</th>
              <th scope="col" class="number">
                Took
              </th>
              <th scope="col" class="number">
                After
              </th>
            </tr>
          </thead>
          <tbody>
            {steps.map(([step, ms], i) => (
              <tr key={step}>
                <th scope="row">{START_STEP_WORDS[step]}</th>
                <td class="number">{precise(ms - (steps[i - 1]?.[1] ?? 0))}</td>
                <td class="number">{precise(ms)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </Panel>
  );
};
