<prompt schema="s">
  <rome/>
  <plan><hotel/></plan>
  Right behind what is named.
</prompt>
