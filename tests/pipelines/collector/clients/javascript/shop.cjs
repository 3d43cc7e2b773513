// Clicks through the demo shop as a person would. Arguments: the browser, the shop's address, a folder for pictures.
const { launch } = require("puppeteer-core");
const { join } = require("node:path");

const [browserPath, address, folder] = process.argv.slice(2);

async function main() {
  const args = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"];
  const browser = await launch({ executablePath: browserPath, headless: true, args });
  try {
    const page = await browser.newPage();
    page.on("pageerror", (error) => console.error(error.message));
    page.on("console", (message) => message.type() === "error" && console.error(message.text()));
    await page.setViewport({ width: 1280, height: 900 });
    await page.goto(address);
    await page.waitForSelector(".product");
    await page.select("#customer", "C1024");
    await page.type("#query", "阿莫西林");
    await page.locator("#search button").click();
    await page.locator('[data-sku="YP100235"] .open').click();
    await page.locator('[data-sku="YP100234"] .favorite').click();
    await page.locator("#detail button").click();
    await page.locator("#order").click();
    // Six clicks make six events: search, search results, click, view, favourite, order; each is ticked when it is kept.
    await page.waitForFunction("document.querySelectorAll('details.kept').length === 6", { timeout: 20_000 });
    await page.locator("#events details summary").click();
    const shown = await page.$$eval("#events summary b", (labels) => labels.map((label) => label.textContent));
    const open = await page.$eval("#events details[open] pre", (text) => text.textContent);
    await page.screenshot({ path: join(folder, "light.png") });
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "dark" }]);
    await page.setViewport({ width: 360, height: 780, deviceScaleFactor: 2 });
    const width = await page.evaluate("document.documentElement.scrollWidth");
    const background = await page.evaluate("getComputedStyle(document.body).backgroundColor");
    await page.screenshot({ path: join(folder, "dark-narrow.png"), fullPage: true });
    process.stdout.write(JSON.stringify({ shown, open: JSON.parse(open), width, background }));
  } finally {
    await browser.close();
  }
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
