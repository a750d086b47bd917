/*
 * Plays a playlist in headless Chromium with hls.js, near its holes and at
 * its end in real time: writes the player's account as one line of JSON.
 * usage: node play.js CHROMIUM PAGE_URL PLAYLIST_URL POSITION...
 * Each POSITION is a time of the player, in seconds; there it plays two
 * seconds, after the last one until the end.
 */

'use strict';

const { Browser } = require('./browser.js');

const PATIENCE = 20000;         /* milliseconds for each step */


function sleep(milliseconds) {
    return new Promise((resolve) => { setTimeout(resolve, milliseconds); });
}


async function until(browser, what, condition) {
    const end = Date.now() + PATIENCE;
    let report;

    while (Date.now() < end) {
        report = JSON.parse(await browser.evaluate('update()'));

        if (report.fatal) {
            throw new Error('hls.js gives up ' + what + ': '
                            + JSON.stringify(report));
        }

        if (condition(report)) {
            return report;
        }

        await sleep(50);
    }

    throw new Error('no end to ' + what + ': ' + JSON.stringify(report));
}


async function page(browser, url) {
    const end = Date.now() + PATIENCE;

    await browser.open(url);

    while (Date.now() < end) {
        /* a page that is still being loaded has nothing to ask */
        const ready = await browser.evaluate(
            'typeof Hls === "function" && typeof start === "function"')
            .catch(() => false);

        if (ready) {
            return;
        }

        if (browser.failed) {
            throw new Error(browser.failed);
        }

        await sleep(50);
    }

    throw new Error('the page does not load: ' + url);
}


async function play(browser, url, playlist, positions) {
    const passed = [];
    let report;

    await page(browser, url);

    const version = await browser.evaluate(
        'start(' + JSON.stringify(playlist) + ')');

    await until(browser, 'the beginning',
        (r) => r.ready && r.frames > 5 && r.position > 0.2);

    for (const position of positions) {
        await browser.evaluate('seek(' + position + ', 1)');
        report = await until(browser, 'playing from ' + position,
            (r) => r.ended || r.position >= position + 2);
        passed.push({ position: report.position, date: report.date });
    }

    report = await until(browser, 'the end', (r) => r.ended);

    return Object.assign(report, { version, passed });
}


async function main() {
    const [program, url, playlist] = process.argv.slice(2, 5);
    const positions = process.argv.slice(5).map(Number);
    const browser = new Browser(program);

    /* a browser must not outlive its test */
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) {
        process.on(signal, async () => {
            await browser.close();
            process.exit(1);
        });
    }

    try {
        console.log(JSON.stringify(
            await play(browser, url, playlist, positions)));

    } catch (error) {
        console.error(error.message);
        process.exitCode = 1;

    } finally {
        await browser.close();
    }
}


main();
