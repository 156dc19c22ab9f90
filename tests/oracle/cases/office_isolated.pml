<prompt schema="office">
  <person who="Ana"/>
  <tone/>
</prompt>
