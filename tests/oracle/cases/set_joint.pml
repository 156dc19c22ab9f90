<prompt schema="set">
  <garden/>
  <supper/>
  <dog/>
  <train/>
  <user>Where do I sleep, and when do I eat?</user>
</prompt>
