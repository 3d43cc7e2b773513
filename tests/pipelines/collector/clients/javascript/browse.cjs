// Opens pages one after the other in Chromium and waits until each says that it sent. Arguments: the browser, the pages.
const { launch } = require("puppeteer-core");

const [browserPath, ...pages] = process.argv.slice(2);

async function main() {
  const args = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"];
  const browser = await launch({ executablePath: browserPath, headless: true, args });
  try {
    for (const address of pages) {
      const context = await browser.createBrowserContext(); // each page is a device of its own
      const page = await context.newPage();
      page.on("pageerror", (error) => console.error(`${address}: ${error.message}`));
      page.on("requestfailed", (request) => {
        if (request.failure().errorText !== "net::ERR_ABORTED") console.error(`${request.url().slice(0, 90)}: ${request.failure().errorText}`);
      });
      await page.goto(address);
      await page.waitForFunction("document.title === 'sent'", { timeout: 20_000 });
      await page.goto("about:blank"); // leaving the page sends what still waits
      await new Promise((resolve) => setTimeout(resolve, 300));
      await context.close();
    }
  } finally {
    await browser.close();
  }
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
