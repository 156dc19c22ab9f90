<prompt><user>hello there</user></prompt>
