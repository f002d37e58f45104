import { useState } from 'preact/hooks';
import type { BuildView, EngineView } from '../../../../contract/bodies/engine.ts';
import { count } from '../../rules/format.ts';
import { engine } from '../../state/capacity.ts';
import { announceDone } from '../../state/notices.ts';
import { useWatched } from '../../state/polled.ts';
import { berth } from '../../state/server.ts';
import { Button } from '../../ui/button.tsx';
import { Confirm } from '../../ui/confirm.tsx';
import { Panel } from '../../ui/panel.tsx';
import { Scroll } from '../../ui/scroll.tsx';
import { Empty, Loaded } from '../../ui/states.tsx';
import { Age, Moment } from '../../ui/time.tsx';
import { AdminView } from './admin-nav.tsx';

/** Builds of WhatsApp Web: the one that starts load, and how starts end with each. */
export const Builds = () => {
  useWatched(engine);
  return (
    <AdminView view="builds">
      <Loaded from={engine} what="the builds" lines={6}>
        {(view) => (
          <>
            <InUse view={view} />
            <Panel title="Known builds" aside={<span class="faint">last 24 hours</span>}>
              {view.builds.length === 0 ? (
                <Empty title="No session has started yet" />
              ) : (
                <BuildTable view={view} />
              )}
            </Panel>
          </>
        )}
      </Loaded>
    </AdminView>
  );
};

const InUse = ({ view }: { readonly view: EngineView }) => {
  const [unpinning, setUnpinning] = useState(false);
  return (
    <Panel
      title="Build for new starts"
      aside={view.failing || view.pinExpired ? <span class="tag warning">needs attention</span> : undefined}
    >
      <p>{words(view)}</p>
      {view.pinned !== null && <Button onClick={() => setUnpinning(true)}>Unpin {view.pinned}</Button>}
      {unpinning && (
        <Confirm
          title="Unpin the build?"
          ask="Unpin it"
          danger={false}
          onClose={() => setUnpinning(false)}
          onConfirm={async () => {
            await berth.engine.set({ pinned: null });
            announceDone('No build is pinned');
            await engine.refresh();
          }}
        >
          <p>New starts load the build that WhatsApp serves. Running sessions keep their build.</p>
        </Confirm>
      )}
    </Panel>
  );
};

const words = (view: EngineView): string => {
  if (view.pinExpired) return `The pinned build ${view.pinned} has expired. New starts load the live build.`;
  switch (view.mode) {
    case 'pinned':
      return `New starts load the pinned build ${view.pinned}.`;
    case 'fallback':
      return (
        `The live build ${view.from ?? ''} fails. New starts load the stored build ${view.target}. ` +
        `${view.probePercent} % of them still try the live build: ${view.probesWorked} of ` +
        `${view.probesNeeded} in a row worked.`
      );
    case 'live':
      return view.failing
        ? 'The live build fails, and no stored build has worked. Store one with “berth builds add”.'
        : 'New starts load the build that WhatsApp serves.';
  }
};

const BuildTable = ({ view }: { readonly view: EngineView }) => {
  const [pinning, setPinning] = useState<string>();
  return (
    <>
      <Scroll label="List of builds">
        <table class="plain">
          <thead>
            <tr>
              <th scope="col">Build</th>
              <th scope="col">Stored</th>
              <th scope="col">Starts</th>
              <th scope="col">Codes</th>
              <th scope="col">Links</th>
              <th scope="col">Ready</th>
              <th scope="col">Sent</th>
              <th scope="col">Failed</th>
              <th scope="col">Worked</th>
              <th scope="col">
                <span class="visually-hidden">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {view.builds.map((build) => (
              <BuildRow
                key={build.version ?? 'unknown'}
                build={build}
                view={view}
                onPin={() => setPinning(build.version ?? undefined)}
              />
            ))}
          </tbody>
        </table>
      </Scroll>
      {pinning !== undefined && (
        <Confirm
          title={`Pin ${pinning}?`}
          ask="Pin it"
          danger={false}
          onClose={() => setPinning(undefined)}
          onConfirm={async () => {
            await berth.engine.set({ pinned: pinning });
            announceDone(`${pinning} is pinned`);
            await engine.refresh();
          }}
        >
          <p>Every new start loads this build until it is unpinned or expires.</p>
        </Confirm>
      )}
    </>
  );
};

type BuildRowProps = {
  readonly build: BuildView;
  readonly view: EngineView;
  readonly onPin: () => void;
};

const BuildRow = ({ build, view, onPin }: BuildRowProps) => {
  const { version, saved, lastDay, workedAt } = build;
  return (
    <tr>
      <th scope="row">
        <code>{version ?? 'unknown'}</code> {build.live && <span class="tag">live</span>}{' '}
        {version !== null && version === view.pinned && <span class="tag">pinned</span>}{' '}
        {version !== null && version === view.target && <span class="tag">in use</span>}
      </th>
      <td>
        <Stored saved={saved} />
      </td>
      <td>{count(lastDay.starts)}</td>
      <td>{count(lastDay.codes)}</td>
      <td>{count(lastDay.links)}</td>
      <td>{count(lastDay.readies)}</td>
      <td>{count(lastDay.sends)}</td>
      <td>{count(lastDay.failures)}</td>
      <td>
        {workedAt === null ? (
          <span class="faint">never</span>
        ) : (
          <>
            <Age since={Date.parse(workedAt)} /> ago
          </>
        )}
      </td>
      <td class="end">
        {saved && !saved.expired && version !== view.pinned && (
          <Button kind="quiet" onClick={onPin}>
            Pin
          </Button>
        )}
      </td>
    </tr>
  );
};

const Stored = ({ saved }: { readonly saved: BuildView['saved'] }) => {
  if (saved === null) return <span class="faint">no</span>;
  if (saved.expired) return <span class="faint">expired</span>;
  return saved.expiresAt === null ? (
    <>yes</>
  ) : (
    <>
      until <Moment at={Date.parse(saved.expiresAt)} />
    </>
  );
};
