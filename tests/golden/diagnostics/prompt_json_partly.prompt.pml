{"schema": "partly", "arguments": {"days": "\u0007"},
 "select": [{"text": "first"}, {"module": "plan", "arguments": {"days": 3, "nights": "2\u0000"}}, 1, "nosuch"]}
