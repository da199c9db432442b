import { effect, signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { theme } from "../state/theme";

export type Draw = (context: CanvasRenderingContext2D, width: number, height: number) => void;

interface CanvasProps {
  draw: Draw;
  label: string;
  kind?: string;
}

/** A picture that is drawn again whenever its size, the theme, or a signal that `draw` reads changes. */
export function Canvas({ draw, label, kind = "" }: CanvasProps): JSX.Element {
  const element = useRef<HTMLCanvasElement>(null);
  const drawing = useRef(signal<Draw>(draw));
  drawing.current.value = draw;
  useEffect(() => {
    const canvas = element.current!;
    const size = signal({ width: 0, height: 0 });
    const observer = new ResizeObserver(([entry]) => {
      const { width, height } = entry!.contentRect;
      size.value = { width, height };
    });
    observer.observe(canvas);
    const stop = effect(() => {
      const { width, height } = size.value;
      void theme.value;
      const paint = drawing.current.value;
      if (width === 0 || height === 0) return;
      const dots = devicePixelRatio;
      canvas.width = Math.round(width * dots);
      canvas.height = Math.round(height * dots);
      const context = canvas.getContext("2d")!;
      context.scale(dots, dots);
      paint(context, width, height);
    });
    return () => {
      stop();
      observer.disconnect();
    };
  }, []);
  return <canvas ref={element} class={`canvas ${kind}`} role="img" aria-label={label} />;
}
