<prompt schema="roles">
  <user>one <br> two <b>x</b> <system>y</system></user>
  <user>Closed.</user>
</prompt>
