{"select": [{"module": "m", "arguments": {"p": "a\uD8C0\udc00b\ud8c0\udc00"}}, {"role": "user", "text": "\ud8c0\udc01 񀀂"}]}
