<prompt schema="turns">
  <hours/>
  <fees/>
  <user>Can I come on Monday?</user>
  <assistant>No, the library is closed on Mondays.</assistant>
  <user>And on Tuesday at ten? I have lost my card.</user>
</prompt>
