<?xml version="1.0" encoding="UTF-8"?>
<!-- "people" is required and would be present without being named; naming it gives the arguments. -->
<prompt schema="meeting_minutes">
  <people date="Thursday, 12 June" chair="Amira" present="Amira, Jonas, Pilar, Wen"/>
  <project/>
  <minutes>
    <verbatim-quotes/>
  </minutes>
  <abbreviations/>
  <user>
    A: WP2 first. Jonas? J: interface is done, tests are not, I need until the 20th. Calling it at risk
    because the test rig is shared with the other team. P: we could rent a second one, about 1,900 euros
    for two weeks. A: good idea, can you find out who sells them cheaper, and let's talk again Monday.
    W: WP4 on track, nothing new. A: decided then, the demo for the trade fair is frozen as of today, no
    more features, please put that down in exactly these words. J: who tells marketing? (no answer)
    Next one Thursday the 19th, same room.
  </user>
</prompt>
