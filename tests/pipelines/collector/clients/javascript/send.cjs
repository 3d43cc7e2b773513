// Sends the six kinds with the real Node clients. Arguments: the collector's address, the file of the six kinds, and by
// how many milliseconds the clock of this machine is wrong (then only one client sends).
const { readFileSync } = require("node:fs");

const [url, file, wrongBy] = process.argv.slice(2);
if (wrongBy) {
  const RightDate = Date;
  globalThis.Date = class extends RightDate {
    constructor(...parts) {
      super(...(parts.length ? parts : [RightDate.now() + Number(wrongBy)]));
    }
    static now() {
      return RightDate.now() + Number(wrongBy);
    }
  };
}
const { person, segment: calls } = JSON.parse(readFileSync(file, "utf8"));
const startedAt = Math.floor(Date.now() / 1000) * 1000 - 60_000;

function message(source, number) {
  return {
    ...calls[number],
    userId: person.buyer,
    anonymousId: person.device,
    messageId: `${source}-${number}`,
    timestamp: new Date(startedAt + number * 1000 + source.length),
    context: { groupId: person.customer },
  };
}

async function sendSegment(source) {
  const { Analytics } = require("@segment/analytics-node");
  const analytics = new Analytics({ writeKey: `key-of-${source}`, host: url, path: "/v1/batch", maxRetries: 0 });
  analytics.on("error", fail);
  calls.forEach((_call, number) => analytics.track(message(source, number)));
  analytics.identify({ userId: person.buyer, traits: { email: "buyer@shop.example" } });
  await analytics.closeAndFlush();
}

async function sendRudder(source) {
  const RudderAnalytics = require("@rudderstack/rudder-sdk-node");
  const analytics = new RudderAnalytics(`key-of-${source}`, { dataPlaneUrl: url, flushAt: 4, maxRetries: 0, errorHandler: fail });
  calls.forEach((_call, number) => analytics.track(message(source, number), (error) => error && fail(error)));
  await analytics.flush();
}

function fail(error) {
  console.error(error);
  process.exit(1);
}

(wrongBy ? sendSegment("segment-wrong-clock") : sendSegment("segment-node").then(() => sendRudder("rudder-node")))
  .then(() => process.stdout.write(`${startedAt}\n`))
  .catch(fail);
