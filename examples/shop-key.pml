<?xml version="1.0" encoding="UTF-8"?>
<!-- One member of each union. Select another branch, and the key hangs elsewhere. -->
<prompt schema="shop_floor">
  <leith/>
  <northgate/>
  <kestrel/>
  <wendy/>
  <user>Where does the key to the gate hang?</user>
</prompt>
