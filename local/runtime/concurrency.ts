/** Lambda's count of executions that functions without a reservation share. */

/** What Lambda leaves to functions without a reservation, and a new account's quota after AWS raised it once. */
const LEAST_UNRESERVED = 100;
export const DEFAULT_ACCOUNT_CONCURRENCY = 1000;

/** Lambda would refuse these reservations: a deployment would fail. */
export class ReservationRefused extends Error {
  override readonly name = 'ReservationRefused';
}

/** Of all functions without a reservation together. */
export class SharedConcurrency {
  readonly limit: number;
  #running = 0;

  /**
   * @param account executions of the account
   * @param reserved the reservations of its functions
   * @throws ReservationRefused if less than 100 would be left, as Lambda does
   */
  constructor(account: number, reserved: readonly number[]) {
    const sum = reserved.reduce((total, each) => total + each, 0);
    if (sum > 0 && account - sum < LEAST_UNRESERVED)
      throw new ReservationRefused(
        `the template reserves ${sum} of ${account} concurrent executions; Lambda demands that ${LEAST_UNRESERVED} stay unreserved`,
      );
    this.limit = account - sum;
  }

  /** Takes one execution; false if all are in use. */
  take(): boolean {
    if (this.#running >= this.limit) return false;
    this.#running += 1;
    return true;
  }

  give(): void {
    this.#running -= 1;
  }
}
