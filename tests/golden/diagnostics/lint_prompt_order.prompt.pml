<prompt schema="s">
  <rome/>
  <hotel/>
  Behind the plan's own text.
</prompt>
