<prompt schema="s">
  <b><chapter/></b>
  <a/>
  <c/>
  <b/>
  <books/>
  <boks/>
</prompt>
