<prompt schema="shelf">
  <tone reader="Ida"/>
  <atlas/>
  <maps/>
  The lift is broken.
  <closed-again/>
  <novels days="a week"><rare/></novels>
  <closed/>
  <city/>
  <user>Who has the rare novels?</user>
</prompt>
