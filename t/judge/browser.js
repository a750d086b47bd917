/*
 * A headless Chromium, spoken to over a pipe (--remote-debugging-pipe: JSON
 * messages that end with a zero byte, on descriptors 3 and 4).
 */

'use strict';

const child_process = require('child_process');
const fs = require('fs');
const os = require('os');
const path = require('path');

/* no sandbox: it starts neither for root nor in most containers, and the
   only page is ours */

const FLAGS = [
    '--headless', '--no-sandbox', '--remote-debugging-pipe', '--disable-gpu',
    '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', '--mute-audio',
    '--disable-dev-shm-usage', '--autoplay-policy=no-user-gesture-required',
];


class Browser {
    constructor(program) {
        const flags = FLAGS.slice();

        this.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'wub-browser-'));
        flags.push('--user-data-dir=' + this.folder);

        this.process = child_process.spawn(program, flags,
            { stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'],
              detached: true });
        this.waiting = new Map();
        this.last = 0;
        this.text = '';
        this.log = '';

        this.process.stderr.on('data', (data) => { this.log += data; });
        this.process.stdio[3].on('error', () => {});
        this.process.stdio[4].on('data', (data) => this.receive(data));
        this.process.on('error', (error) => this.fail(String(error)));
        this.process.on('exit', (code, signal) => this.fail(
            'the browser ended: ' + (signal || code) + '\n'
            + this.log.slice(-1000)));
    }

    receive(data) {
        const parts = (this.text + data).split('\0');

        this.text = parts.pop();

        for (const part of parts) {
            const message = JSON.parse(part);
            const waiting = this.waiting.get(message.id);

            if (!waiting) {
                continue;
            }

            this.waiting.delete(message.id);

            if (message.error) {
                waiting.reject(new Error(message.error.message));

            } else {
                waiting.resolve(message.result);
            }
        }
    }

    fail(reason) {
        for (const waiting of this.waiting.values()) {
            waiting.reject(new Error(reason));
        }

        this.waiting.clear();
        this.failed = reason;
    }

    send(method, params) {
        if (this.failed) {
            return Promise.reject(new Error(this.failed));
        }

        const id = ++this.last;
        const message = { id, method, params: params || {} };

        if (this.session) {
            message.sessionId = this.session;
        }

        this.process.stdio[3].write(JSON.stringify(message) + '\0');

        return new Promise((resolve, reject) => {
            this.waiting.set(id, { resolve, reject });
        });
    }

    async open(url) {
        const target = await this.send('Target.createTarget', { url });
        const attached = await this.send('Target.attachToTarget',
            { targetId: target.targetId, flatten: true });

        this.session = attached.sessionId;
    }

    async evaluate(expression) {
        const answer = await this.send('Runtime.evaluate',
            { expression, returnByValue: true, awaitPromise: true });

        if (answer.exceptionDetails) {
            throw new Error(answer.exceptionDetails.exception
                ? answer.exceptionDetails.exception.description
                : answer.exceptionDetails.text);
        }

        return answer.result.value;
    }

    async close() {
        const ended = new Promise((resolve) => {
            this.process.once('exit', resolve);
        });

        /* detached, so it leads a group of its own processes */
        if (!this.failed) {
            process.kill(-this.process.pid, 'SIGKILL');
            await ended;
        }

        fs.rmSync(this.folder, { recursive: true, force: true,
                                 maxRetries: 5 });
    }
}


module.exports = { Browser };
