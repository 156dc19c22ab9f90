<?xml version="1.0" encoding="UTF-8"?>
<!-- The same branch and supplier with another carrier and manager. -->
<prompt schema="shop_floor">
  <leith/>
  <northgate/>
  <marlow/>
  <omar/>
  <user>What is glass packed in?</user>
</prompt>
