<prompt schema="s"><long/><short/><longer note="nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"/><user>hello there</user></prompt>
