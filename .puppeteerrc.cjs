// Berth brings its own headless shell (container/browser.ts); puppeteer's download is never wanted.
module.exports = { skipDownload: true };
