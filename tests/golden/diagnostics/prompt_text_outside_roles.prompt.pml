<prompt>Hello <user>there</user></prompt>
