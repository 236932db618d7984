from aioca import caput
await caput("Z:9", 1)
