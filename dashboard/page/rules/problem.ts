import { ApiError, UnexpectedAnswerError, UnreachableError } from '../../../client/index.ts';

/** An error in words for the person in front of the page. */
export type Explained = {
  readonly title: string;
  readonly detail: string;
  /** One for each field that the API refused. */
  readonly fields: readonly { readonly path: string; readonly message: string }[];
  /** For the operator who reads the log. */
  readonly requestId?: string;
};

/** The API's error text, if it sent one; nothing is added to it. */
export const explain = (error: unknown): Explained => {
  if (error instanceof ApiError) {
    const { title, detail, errors = [], requestId } = error.problem;
    return { title, detail, fields: errors, ...(requestId ? { requestId } : {}) };
  }
  if (error instanceof UnreachableError) {
    const detail =
      error.reason === 'timeout'
        ? 'No response in time. Whether it took effect is unknown: check before you repeat it.'
        : 'The connection to Berth is lost. The page continues when it is back.';
    return { title: 'Berth does not respond', detail, fields: [] };
  }
  if (error instanceof UnexpectedAnswerError)
    return {
      title: 'Unexpected response',
      detail: `${error.message}. After an update, reload the page.`,
      fields: [],
    };
  return { title: 'Error in the page', detail: String(error), fields: [] };
};
