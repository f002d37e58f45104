import { fileType } from '../../model/file-type.ts';
import type { App } from '../app.ts';
import { modelOf } from '../model.ts';
import { define } from '../registry.ts';
import { downloadFile, uploadFile } from '../server-link.ts';
import { encodeB64 } from '../storage.ts';

/** A file in the page's memory, behind WhatsApp Web's own kind of handle. */
class OpaqueData {
  readonly #blob: Blob;
  readonly name: string | undefined;

  private constructor(blob: Blob, name: string | undefined) {
    this.#blob = blob;
    this.name = name;
  }

  static async createFromData(data: Blob, type: string): Promise<OpaqueData> {
    return new OpaqueData(new Blob([data], { type }), data instanceof File ? data.name : undefined);
  }

  get type(): string {
    return this.#blob.type;
  }
  url(): string {
    return URL.createObjectURL(this.#blob);
  }
  autorelease(): void {}
  formData(): Blob {
    return this.#blob;
  }
}

type MediaAttributes = {
  type: string;
  mimetype: string;
  filehash: string;
  size: number;
  isGif: boolean;
  filename?: string | undefined;
  mediaBlob: OpaqueData;
  renderableUrl?: string | undefined;
};
const MediaData = modelOf<MediaAttributes>();

type PrepOptions = { asDocument?: boolean; asSticker?: boolean; isPtt?: boolean; asGif?: boolean };

const prepare = async (data: OpaqueData, options: PrepOptions) => {
  const blob = data.formData();
  const digest = await crypto.subtle.digest('SHA-256', await blob.arrayBuffer());
  const as = options.asDocument
    ? 'document'
    : options.asSticker
      ? 'sticker'
      : options.isPtt
        ? 'voice'
        : undefined;
  const type = fileType(data.type, as);
  return new MediaData({
    type,
    mimetype: data.type,
    filehash: encodeB64(new Uint8Array(digest)),
    size: blob.size,
    isGif: options.asGif ?? false,
    ...(type === 'document' && { filename: data.name }),
    mediaBlob: data,
  });
};

/** What WhatsApp Web knows of a file while it is on its way. */
class MediaObject {
  readonly filehash: string;
  readonly contentInfo: { waveform: Uint8Array };
  size = 0;
  type = '';
  mediaBlob: OpaqueData | undefined;

  constructor(filehash: string) {
    this.filehash = filehash;
    this.contentInfo = { waveform: new Uint8Array(64) };
  }

  consolidate(known: Partial<MediaAttributes>): void {
    this.size = known.size ?? this.size;
    this.type = known.type ?? this.type;
    this.mediaBlob = known.mediaBlob ?? this.mediaBlob;
  }
}

const uploadMedia = async ({ mediaObject }: { mediaObject: MediaObject }) => {
  if (!mediaObject.mediaBlob) return { mediaEntry: undefined };
  const { directPath, sha256 } = await uploadFile(mediaObject.mediaBlob.formData());
  const mmsUrl = `https://mmg.whatsapp.net${directPath}`;
  return {
    mediaEntry: {
      mmsUrl,
      deprecatedMms3Url: mmsUrl,
      directPath,
      mediaKey: encodeB64(crypto.getRandomValues(new Uint8Array(32))),
      mediaKeyTimestamp: Math.floor(Date.now() / 1000),
      encFilehash: sha256,
      uploadHash: sha256,
      sidecar: undefined,
      firstFrameSidecar: undefined,
      handle: undefined,
    },
  };
};

/** Files: taken apart, uploaded, downloaded. Nothing is encrypted here. */
export const defineMedia = (_app: App): void => {
  const objects = new Map<string, MediaObject>();
  define({
    WAWebMediaOpaqueData: OpaqueData,
    WAWebPrepRawMedia: {
      prepRawMedia: (data: OpaqueData, options: PrepOptions) => ({
        waitForPrep: () => prepare(data, options),
      }),
    },
    WAWebMediaStorage: {
      getOrCreateMediaObject: (filehash: string) => {
        const known = objects.get(filehash) ?? new MediaObject(filehash);
        objects.set(filehash, known);
        return known;
      },
    },
    WAWebMmsMediaTypes: {
      msgToMediaType: ({ type }: { type: string }) => type,
      castToV4: (type: string) => type,
    },
    WAWebMediaDataUtils: { shouldUseMediaCache: () => false },
    WAWebMediaInMemoryBlobCache: { InMemoryMediaBlobCache: { put: () => {} } },
    WAWebMediaMmsV4Upload: { uploadMedia, uploadUnencryptedMedia: uploadMedia },
    WAMediaCalculateFilehash: {
      getRandomFilehash: () => encodeB64(crypto.getRandomValues(new Uint8Array(32))),
    },
    WAWebDownloadManager: {
      downloadManager: {
        downloadAndMaybeDecrypt: ({ directPath }: { directPath: string }) => downloadFile(directPath),
      },
    },
    WAWebVcardParsingUtils: {
      parseVcard: (text: string) => ({ name: /^FN[^:\r\n]*:(.*)$/m.exec(text)?.[1]?.trim() ?? '' }),
    },
    WAWebVcardGetNameFromParsed: { vcardGetNameFromParsed: ({ name }: { name: string }) => name },
  });
};
