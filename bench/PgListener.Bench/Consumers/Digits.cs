namespace PgListener.Bench;

/// <summary>The digits as type arguments.</summary>
internal static class Digits
{
    internal sealed class D0 : IDigit
    {
        public static int Value => 0;
    }

    internal sealed class D1 : IDigit
    {
        public static int Value => 1;
    }

    internal sealed class D2 : IDigit
    {
        public static int Value => 2;
    }

    internal sealed class D3 : IDigit
    {
        public static int Value => 3;
    }

    internal sealed class D4 : IDigit
    {
        public static int Value => 4;
    }

    internal sealed class D5 : IDigit
    {
        public static int Value => 5;
    }

    internal sealed class D6 : IDigit
    {
        public static int Value => 6;
    }

    internal sealed class D7 : IDigit
    {
        public static int Value => 7;
    }

    internal sealed class D8 : IDigit
    {
        public static int Value => 8;
    }

    internal sealed class D9 : IDigit
    {
        public static int Value => 9;
    }
}
