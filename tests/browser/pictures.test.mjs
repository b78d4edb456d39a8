// Screenshots to look at, in light, dark and narrow; nothing wider than the screen, nothing that jumps.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { PICTURES, Server, closeBrowser, open } from "./harness.mjs";

after(closeBrowser);

const LOOKS = {
  light: { width: 1280, height: 900, scheme: "light" },
  dark: { width: 1280, height: 900, scheme: "dark" },
  narrow: { width: 390, height: 844, scheme: "light", scale: 2 },
};
const PLACES = ["status", "status/1", "status/2", "status/3", "plan", "plan/2", "tasks/2", "profile", "system", "runs"];

for (const [look, how] of Object.entries(LOOKS)) {
  test(`pictures: ${look}`, async (t) => {
    const server = await Server.start("--clock", "set");
    t.after(() => server.stop());
    await server.set(31_000_000);
    for (const place of PLACES) {
      const page = await open(`${server.url}#${place}`, how);
      await page.locator(".connection.live").waitFor();
      await page.waitForTimeout(700);
      await page.screenshot({ path: `${PICTURES}/${look}-${place.replace("/", "-")}.png`, fullPage: true });
      const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.equal(over, 0, `${place} is wider than the screen`);
      assert.deepEqual(page.complaints, []);
      await page.context().close();
    }
  });
}

test("a growing run moves nothing", async (t) => {
  const server = await Server.start("--clock", "set");
  t.after(() => server.stop());
  await server.set(500_000);
  const page = await open(server.url);
  t.after(() => page.context().close());
  await page.locator(".progress li").nth(3).waitFor();
  const places = () => page.evaluate(() => [...document.querySelectorAll(".panel, .figure")].map((panel) => {
    const { x, y, width, height } = panel.getBoundingClientRect();
    return [x, y, width, height].map(Math.round).join();
  }));
  const before = await places();
  for (let second = 2; second <= 61; second += 6) {
    await server.set(second * 1_000_000);
    await page.waitForTimeout(150);
    assert.deepEqual(await places(), before, `after ${second} s`);
  }
});
