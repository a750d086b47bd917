/*
 * What the fetch() of a page in headless Chromium gets, one request after
 * the other: writes a line of JSON, a list of { ok, status, statusText,
 * type, text } or { error }.
 * usage: node fetch.js CHROMIUM PAGE_URL < REQUESTS
 * REQUESTS is a JSON list of [url, options], as fetch() takes them.
 */

'use strict';

const fs = require('fs');
const { Browser } = require('./browser.js');

const PATIENCE = 20000;         /* milliseconds until the page is there */


/* in the page */
async function ask(requests) {
    const answers = [];

    for (const [url, options] of requests) {
        try {
            const response = await fetch(url, options);

            answers.push({
                ok: response.ok,
                status: response.status,
                statusText: response.statusText,
                type: response.headers.get('content-type'),
                text: await response.text(),
            });

        } catch (error) {
            answers.push({ error: String(error) });
        }
    }

    return answers;
}


async function page(browser, url) {
    const end = Date.now() + PATIENCE;
    const there = 'location.href === ' + JSON.stringify(url)
                  + ' && document.readyState === "complete"';

    await browser.open(url);

    while (Date.now() < end) {
        if (await browser.evaluate(there).catch(() => false)) {
            return;
        }

        if (browser.failed) {
            throw new Error(browser.failed);
        }

        await new Promise((resolve) => { setTimeout(resolve, 20); });
    }

    throw new Error('the page does not load: ' + url);
}


async function main() {
    const [program, url] = process.argv.slice(2);
    const requests = fs.readFileSync(0, 'utf8');
    const browser = new Browser(program);

    /* a browser must not outlive its test */
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) {
        process.on(signal, async () => {
            await browser.close();
            process.exit(1);
        });
    }

    try {
        await page(browser, url);
        console.log(JSON.stringify(
            await browser.evaluate('(' + ask + ')(' + requests + ')')));

    } catch (error) {
        console.error(error.message);
        process.exitCode = 1;

    } finally {
        await browser.close();
    }
}


main();
