/*
 * hls-parser in strict mode reads a playlist from stdin and writes what it
 * found as one line of JSON; a playlist that breaks a rule is exit 1 and
 * the rule on stderr.
 * usage: node strict.js FOLDER_OF_NODE_MODULES < playlist
 */

'use strict';

const path = require('path');
const HLS = require(path.resolve(process.argv[2], 'hls-parser'));

HLS.setOptions({ strictMode: true });


function media(playlist) {
    return {
        type: 'media',
        version: playlist.version,
        endlist: playlist.endlist,
        playlistType: playlist.playlistType || null,
        targetDuration: playlist.targetDuration,
        mediaSequence: playlist.mediaSequenceBase,
        segments: playlist.segments.length,
        duration: playlist.segments.reduce((sum, s) => sum + s.duration, 0),
        discontinuities: playlist.segments.filter(
            (s) => s.discontinuity).length,
        times: playlist.segments.filter((s) => s.programDateTime).length,
        first: playlist.segments.length
            ? playlist.segments[0].programDateTime.toISOString() : null,
    };
}


function master(playlist) {
    return {
        type: 'master',
        variants: playlist.variants.map((v) => ({
            uri: v.uri,
            bandwidth: v.bandwidth,
            averageBandwidth: v.averageBandwidth || null,
            codecs: v.codecs || null,
            frameRate: v.frameRate || null,
            resolution: v.resolution
                ? `${v.resolution.width}x${v.resolution.height}` : null,
            video: v.video.map((r) => r.name),
        })),
    };
}


let text = '';

process.stdin.setEncoding('utf8');
process.stdin.on('data', (chunk) => { text += chunk; });
process.stdin.on('end', () => {
    try {
        const playlist = HLS.parse(text);
        const found = playlist.isMasterPlaylist ? master(playlist)
                                                : media(playlist);

        console.log(JSON.stringify(found));

    } catch (error) {
        console.error(error.message);
        process.exitCode = 1;
    }
});
