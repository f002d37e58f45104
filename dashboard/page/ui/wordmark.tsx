/** Three berths at a quay: the product's mark and name. */
export const Wordmark = () => (
  <span class="wordmark">
    <svg viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="7" class="mark-ground" />
      <path d="M7 22h18M10 22V10M16 22V10M22 22V10" class="mark-line" />
    </svg>
    <span>Berth</span>
  </span>
);
