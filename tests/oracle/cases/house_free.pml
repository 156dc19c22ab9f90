<prompt schema="house">
  <attic/>
  The stairs are steep.
  <use module="shed"/>
</prompt>
