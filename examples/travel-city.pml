<?xml version="1.0" encoding="UTF-8"?>
<prompt schema="travel" duration="nine days" departure="Dublin">
  <city>
    <kyoto/>
  </city>
  <!-- The argument replaces the default ages. -->
  <family ages="4, 7 and 11"/>
  <saver/>
  <spring/>
  <documents/>
  <user>
    How do we get from Kansai Airport to Kyoto, how long does it take, and until what time do
    most temples let visitors in?
  </user>
</prompt>
