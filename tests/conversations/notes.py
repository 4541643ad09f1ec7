"""HTML of notes as Teams, phones and people make it: with things in front of the slashes that say nothing."""

from hypothesis import strategies as st

MENTION = '<span itemscope itemtype="http://schema.skype.com/Mention" itemid="0">Ben Okafor</span>'
PREVIEW = '<blockquote itemscope itemtype="http://schema.skype.com/Reply"><p itemprop="preview">{}</p></blockquote>'
NOTHING = ["", " ", "&nbsp;", "&#8203;", "\u2060", "\u3164", "&shy;", "<br>", MENTION, "<at id='0'>Ben</at>", "- ", "&gt; ", "<p></p>",
           "3. ", "<emoji alt='x'></emoji>", PREVIEW.format("secret"), "<quoted messageId='1'/>", "<!-- c -->", "<i></i>", "…", "<a href='tel:1'>@</a>", "<a href='https://a.example/b'></a>"]  # fmt: skip
AROUND = ["<p>{}</p>", "<div>{}</div>", "<b>{}</b>", "<ul><li>{}</li></ul>", "<ol start='70000'><li>{}</li></ol>", "<s>{}</s>", "{}",
          "<table><tr><td>{}</td></tr></table>", "<blockquote>{}</blockquote>", "<pre>{}</pre>", "<sup>{}</sup>", "<h5>{}</h5>",
          "<a href='https://a.example'>{}</a>", "<span>{}", "<dl><dd>{}</dd></dl>"]  # fmt: skip
SLASHES = ["//", "／／", "/／", "/&#8203;/", "/<b>/</b>", "/\ufe0f/", "&#47;&#x2f;", "/&nbsp;/", "///"]


def notes() -> st.SearchStrategy[str]:
    """Notes with the word `sesame` in them, as HTML."""
    words = st.sampled_from([" sesame", "sesame", "<b>sesame</b>"])
    core = st.tuples(st.lists(st.sampled_from(NOTHING), max_size=4).map("".join), st.sampled_from(SLASHES), words)

    def wrapped(layers: list[tuple[str, str]], inner: str) -> str:
        for before, around in layers:
            inner = before + around.replace("{}", inner)
        return inner

    layer = st.tuples(st.sampled_from(NOTHING), st.sampled_from(AROUND))
    return st.builds(wrapped, st.lists(layer, max_size=4), core.map("".join))
