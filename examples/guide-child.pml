<?xml version="1.0" encoding="UTF-8"?>
<prompt schema="museum_guide">
  <visitor name="Ida" age="nine" knowledge="a lot; sails dinghies">
    <with-children/>
  </visitor>
  <jolly/>
  <wreck-room>
    <inquiry/>
  </wreck-room>
  <user>Why did nobody throw the anchor when they saw the sand?</user>
</prompt>
