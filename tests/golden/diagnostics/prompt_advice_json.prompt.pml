{"select":["not",{"module":"two","select":[{"text":"x"}]}]}
